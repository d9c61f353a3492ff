#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>

#include "collective/describe.hpp"

namespace collective {

/// True for a name of a stream, an event type, a group or a consumer: 1 to 128 of `A-Z a-z 0-9 . _ : -`, not starting
/// with a dot.
constexpr bool is_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > 128 || text.front() == '.') return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool other = (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-';
    if (!letter && !other) return false;
  }
  return true;
}

namespace detail {
// Not constexpr on purpose: the compiler's message names them.
void an_event_or_stream_name_is_1_to_128_of_letters_digits_dot_underscore_colon_dash_and_starts_with_no_dot();
void an_event_version_starts_at_1();
}  // namespace detail

/// An event type's identity, the static member `event` of its struct; checked while compiling.
///
/// ```
/// struct OrderPlaced {
///   static constexpr collective::EventType event{"order.placed", "order.events"};
///   collective::Id order_id;
///   std::optional<std::string> note{};
/// };
/// BOOST_DESCRIBE_STRUCT(OrderPlaced, (), (order_id, note))
/// ```
/// A `static void complete(OrderPlaced&)` is called on a copy before each publish, to fill in what can be derived.
struct EventType {
  consteval EventType(std::string_view event_name, std::string_view stream_name, std::uint32_t event_version = 1)
      : name(event_name), stream(stream_name), version(event_version) {
    if (!is_name(name) || !is_name(stream)) {
      detail::an_event_or_stream_name_is_1_to_128_of_letters_digits_dot_underscore_colon_dash_and_starts_with_no_dot();
    }
    if (version == 0) detail::an_event_version_starts_at_1();
  }

  std::string_view name;
  std::string_view stream;
  std::uint32_t version;
};

/// An event type without its C++ type: what the codec, the checks, the schemas and the untyped calls work on. One per
/// type, with static lifetime.
struct TypeDescriptor {
  std::string_view name;
  std::string_view stream;
  std::uint32_t version = 1;
  const model::ValueType* data = nullptr;  ///< a structure
  std::shared_ptr<void> (*create)() = nullptr;
  std::shared_ptr<void> (*copy)(const void* object) = nullptr;
  void (*complete)(void* object) = nullptr;  ///< null when the type has nothing to complete
};

namespace detail {

template <class T>
concept HasEvent = requires { requires std::same_as<std::remove_cvref_t<decltype(T::event)>, EventType>; };

template <class T>
consteval bool check_event() {
  static_assert(HasEvent<T>,
                "this struct is no event: give it a static constexpr collective::EventType event{\"type.name\", "
                "\"stream.name\"};");
  if constexpr (HasEvent<T>) {
    static_assert(std::is_default_constructible_v<T>, "an event's struct can be made without arguments");
    if constexpr (model::check_struct<T>()) {
      constexpr bool recursive = model::is_recursive<T>();
      static_assert(!recursive, "an event's struct cannot contain itself: use Json for a tree");
      return !recursive;
    }
  }
  return false;
}

template <class T>
constexpr TypeDescriptor make_descriptor() {
  TypeDescriptor type{.name = T::event.name, .stream = T::event.stream, .version = T::event.version};
  type.data = &model::value_type<T>;
  type.create = []() -> std::shared_ptr<void> { return std::make_shared<T>(); };
  type.copy = [](const void* object) -> std::shared_ptr<void> {
    return std::make_shared<T>(*static_cast<const T*>(object));
  };
  if constexpr (requires(T& event) { T::complete(event); }) {
    type.complete = [](void* object) { T::complete(*static_cast<T*>(object)); };
  }
  return type;
}

template <class T>
inline constexpr TypeDescriptor descriptor = make_descriptor<T>();

}  // namespace detail

/// A struct that defines an event type. An aggregate that lacks something is an error that says what to add.
template <class T>
concept EventStruct = std::is_class_v<T> && std::is_aggregate_v<T> && detail::check_event<T>();

/// The type's descriptor; the same object in every call.
template <EventStruct T>
const TypeDescriptor& descriptor_of() noexcept {
  return detail::descriptor<T>;
}

}  // namespace collective
