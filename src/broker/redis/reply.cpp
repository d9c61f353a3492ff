#include "broker/redis/reply.hpp"

#include <charconv>

#include <hiredis/read.h>

#include "broker/redis/fault.hpp"

namespace collective::redis {
namespace {

template <class Number>
Number parsed(std::string_view text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Answer& answer_of(const redisReadTask* task) {
  return **static_cast<AnswerPointer*>(task->privdata);
}

Reply* place_of(const redisReadTask* task) {
  if (task->parent == nullptr) return &answer_of(task).root;
  return &static_cast<Reply*>(task->parent->obj)->items[static_cast<std::size_t>(task->idx)];
}

void* create_string(const redisReadTask* task, char* text, std::size_t size) {
  auto* const reply = place_of(task);
  reply->kind = task->type == REDIS_REPLY_ERROR ? Reply::Kind::error : Reply::Kind::text;
  reply->text = answer_of(task).text.copy({text, size});
  return reply;
}

void* create_list(const redisReadTask* task, int size) {
  auto* const reply = place_of(task);
  const auto count = static_cast<std::size_t>(size);
  reply->kind = Reply::Kind::list;
  auto& lists = answer_of(task).lists;
  lists.push_back(std::make_unique<Reply[]>(count));
  reply->items = {lists.back().get(), count};
  return reply;
}

void* create_number(const redisReadTask* task, long long value) {
  auto* const reply = place_of(task);
  reply->kind = Reply::Kind::number;
  reply->number = value;
  return reply;
}

void* create_nothing(const redisReadTask* task) {
  return place_of(task);
}

void free_nothing(void*) {}  // the Answer owns it all

redisReplyObjectFunctions functions{create_string, create_list, create_number, create_nothing, free_nothing};

}  // namespace

const Reply& Reply::at(std::size_t i) const {
  static const Reply nothing;
  return i < items.size() ? items[i] : nothing;
}

std::uint64_t Reply::whole() const {
  return kind == Kind::number ? static_cast<std::uint64_t>(number) : parsed<std::uint64_t>(text);
}

std::int64_t Reply::signed_whole() const {
  return kind == Kind::number ? number : parsed<std::int64_t>(text);
}

ReplyReader::ReplyReader()
    : reader_(redisReaderCreateWithFunctions(&functions)), building_(std::make_shared<Answer>()) {
  if (reader_ == nullptr) throw std::bad_alloc();
  reader_->privdata = &building_;
}

ReplyReader::~ReplyReader() {
  redisReaderFree(reader_);
}

void ReplyReader::feed(std::string_view bytes) {
  redisReaderFeed(reader_, bytes.data(), bytes.size());
}

AnswerPointer ReplyReader::next() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_, &reply) != REDIS_OK)
    throw Fault(Errc::unavailable, std::string("what came is no answer of a Redis server: ") + reader_->errstr);
  if (reply == nullptr) return nullptr;
  auto whole = std::move(building_);
  building_ = std::make_shared<Answer>();
  return whole;
}

}  // namespace collective::redis
