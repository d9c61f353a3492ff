// EXPECT: an event's struct cannot contain itself
#include <collective/event.hpp>

struct Comment {
  static constexpr collective::EventType event{"comment.added", "comment.events"};
  std::string text;
  std::vector<Comment> answers;
};
BOOST_DESCRIBE_STRUCT(Comment, (), (text, answers))

auto text = collective::encode(Comment{});
