#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>
#include <boost/preprocessor/repetition/enum.hpp>
#include <boost/preprocessor/repetition/repeat.hpp>

#include "collective/entry_id.hpp"
#include "collective/fields.hpp"

// Turns a struct described by BOOST_DESCRIBE_STRUCT into tables that ordinary functions walk: the codec, the checks and
// the schemas are compiled once, not once per event type.
namespace collective::model {

enum class Kind : std::uint8_t {
  string,
  id,
  email,
  boolean,
  integer,  ///< `size` bytes, `is_signed`
  count,
  number,
  non_negative,
  timestamp,
  json,
  extra_fields,
  enumeration,  ///< `names`; stored in `size` bytes, `is_signed`
  structure,    ///< `fields`
  list,         ///< `element` and `list`
};

struct EnumName {
  std::string_view name;
  std::int64_t value;
};

struct ListAccess {
  std::size_t (*size)(const void* list);
  const void* (*at)(const void* list, std::size_t index);
  void* (*append)(void* list);
  void (*clear)(void* list);
};

struct Field;

/// How values of one C++ type look on the wire and in memory.
struct ValueType {
  Kind kind{};
  std::uint8_t size = 0;
  bool is_signed = false;
  std::span<const EnumName> names{};
  std::span<const Field> fields{};
  const ValueType* element = nullptr;
  const ListAccess* list = nullptr;
};

struct Field {
  std::string_view name;
  const ValueType* type = nullptr;  ///< of the value, also for an optional one
  bool required = true;
  const void* (*get)(const void* object) = nullptr;  ///< the value; null when an optional is empty
  void* (*make)(void* object) = nullptr;             ///< the value to assign to; fills an empty optional
  void (*reset)(void* object) = nullptr;             ///< empties an optional; null for a required field
};

/// Most fields of one struct.
inline constexpr std::size_t max_fields = 48;

/// A trailing underscore is dropped, so that a name may be a C++ keyword: `default_` is "default" in JSON.
constexpr std::string_view wire_name(std::string_view name) {
  if (name.size() > 1 && name.back() == '_') name.remove_suffix(1);
  return name;
}

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;
template <class T>
inline constexpr bool always_false = false;

template <class T>
inline constexpr bool is_integer =
    std::is_integral_v<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char> && !std::is_same_v<T, wchar_t> &&
    !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

template <class T>
constexpr ValueType make_value_type();
template <class T>
inline constexpr ValueType value_type = make_value_type<T>();

// --- structs ---------------------------------------------------------------------------------------------------

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

// True when T can be made from n pairs of empty braces, that is, when it has at least n members.
template <class T, std::size_t N>
consteval bool has_members() {
#define COLLECTIVE_BRACES(z, i, _) \
  {                                \
  }
#define COLLECTIVE_HAS_MEMBERS(z, n, _)                                 \
  if constexpr (N == (n)) {                                             \
    return requires { T{BOOST_PP_ENUM_##z(n, COLLECTIVE_BRACES, _)}; }; \
  }
  BOOST_PP_REPEAT(50, COLLECTIVE_HAS_MEMBERS, _)
#undef COLLECTIVE_HAS_MEMBERS
#undef COLLECTIVE_BRACES
}

template <class T>
consteval bool check_struct() {
  constexpr bool described = boost::describe::has_describe_members<T>::value;
  static_assert(described,
                "this struct is not described: add BOOST_DESCRIBE_STRUCT(Name, (), (member, ...)) after it, in its "
                "namespace");
  if constexpr (described) {
    static_assert(boost::mp11::mp_empty<boost::describe::describe_bases<T, boost::describe::mod_any_access>>::value,
                  "an event's struct has no base classes: make the base a member, or repeat its members");
    constexpr std::size_t count = boost::mp11::mp_size<Members<T>>::value;
    static_assert(count <= max_fields,
                  "an event's struct has at most 48 members: group some into a struct of their own");
    if constexpr (count <= max_fields && std::is_aggregate_v<T>) {
      static_assert(!has_members<T, count + 1>(),
                    "a data member is missing in BOOST_DESCRIBE_STRUCT: name every member of the struct there");
    }
  }
  return described;
}

template <class T, auto Pointer, class M>
constexpr Field make_field(std::string_view name) {
  Field field{.name = wire_name(name)};
  if constexpr (is_optional<M>) {
    using V = typename M::value_type;
    static_assert(!is_optional<V>, "std::optional of std::optional is not supported: use one");
    static_assert(!std::is_same_v<V, ExtraFields>, "ExtraFields is never optional: it is empty when nothing is left");
    field.type = &value_type<V>;
    field.required = false;
    field.get = [](const void* object) -> const void* {
      const auto& member = static_cast<const T*>(object)->*Pointer;
      return member ? &*member : nullptr;
    };
    field.make = [](void* object) -> void* {
      auto& member = static_cast<T*>(object)->*Pointer;
      return member ? &*member : &member.emplace();
    };
    field.reset = [](void* object) { (static_cast<T*>(object)->*Pointer).reset(); };
  } else {
    field.type = &value_type<M>;
    field.required = !std::is_same_v<M, ExtraFields>;
    field.get = [](const void* object) -> const void* { return &(static_cast<const T*>(object)->*Pointer); };
    field.make = [](void* object) -> void* { return &(static_cast<T*>(object)->*Pointer); };
  }
  return field;
}

template <class T, class... D>
constexpr std::array<Field, sizeof...(D)> make_fields(boost::mp11::mp_list<D...>) {
  return {make_field<T, D::pointer, std::remove_cvref_t<decltype(std::declval<T&>().*D::pointer)>>(D::name)...};
}
template <class T>
inline constexpr std::array fields_of = make_fields<T>(boost::mp11::mp_rename<Members<T>, boost::mp11::mp_list>{});
template <class T>
  requires(boost::mp11::mp_empty<Members<T>>::value)
inline constexpr std::array<Field, 0> fields_of<T>{};

// --- enums -----------------------------------------------------------------------------------------------------

template <class E, class... D>
constexpr std::array<EnumName, sizeof...(D)> make_names(boost::mp11::mp_list<D...>) {
  static_assert(((D::value != unknown_value<E>) && ...),
                "this enumerator's value is kept for names that a reader does not know: choose another value");
  return {EnumName{wire_name(D::name), static_cast<std::int64_t>(D::value)}...};
}
template <class E>
inline constexpr auto names_of =
    make_names<E>(boost::mp11::mp_rename<boost::describe::describe_enumerators<E>, boost::mp11::mp_list>{});

template <class E>
constexpr ValueType make_enum_type() {
  constexpr bool described = boost::describe::has_describe_enumerators<E>::value;
  static_assert(described,
                "this enum is not described: add BOOST_DESCRIBE_ENUM(Name, value, ...) after it, in its namespace");
  static_assert(!std::is_convertible_v<E, std::underlying_type_t<E>>, "an event's enum is an enum class");
  if constexpr (described) {
    return {.kind = Kind::enumeration,
            .size = sizeof(E),
            .is_signed = std::is_signed_v<std::underlying_type_t<E>>,
            .names = names_of<E>};
  } else {
    return {};
  }
}

// --- every type ------------------------------------------------------------------------------------------------

template <class V>
inline constexpr ListAccess list_access{
    [](const void* list) { return static_cast<const std::vector<V>*>(list)->size(); },
    [](const void* list, std::size_t i) -> const void* { return &(*static_cast<const std::vector<V>*>(list))[i]; },
    [](void* list) -> void* { return &static_cast<std::vector<V>*>(list)->emplace_back(); },
    [](void* list) { static_cast<std::vector<V>*>(list)->clear(); },
};

template <class T>
constexpr ValueType make_list_type() {
  using V = typename T::value_type;
  static_assert(!std::is_same_v<V, bool>, "std::vector<bool> is not supported: use std::vector<int>");
  static_assert(!is_optional<V>, "a list of std::optional is not supported: leave empty elements out");
  static_assert(!std::is_same_v<V, ExtraFields>, "a list of ExtraFields is not supported: use Json");
  if constexpr (std::is_same_v<V, bool>) {
    return {};
  } else {
    return {.kind = Kind::list, .element = &value_type<V>, .list = &list_access<V>};
  }
}

template <class T>
constexpr ValueType make_value_type() {
  if constexpr (std::is_same_v<T, std::string>) {
    return {.kind = Kind::string};
  } else if constexpr (std::is_same_v<T, Id>) {
    return {.kind = Kind::id};
  } else if constexpr (std::is_same_v<T, Email>) {
    return {.kind = Kind::email};
  } else if constexpr (std::is_same_v<T, bool>) {
    return {.kind = Kind::boolean};
  } else if constexpr (is_integer<T>) {
    return {.kind = Kind::integer, .size = sizeof(T), .is_signed = std::is_signed_v<T>};
  } else if constexpr (std::is_same_v<T, Count>) {
    return {.kind = Kind::count};
  } else if constexpr (std::is_same_v<T, double>) {
    return {.kind = Kind::number};
  } else if constexpr (std::is_same_v<T, NonNegative>) {
    return {.kind = Kind::non_negative};
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return {.kind = Kind::timestamp};
  } else if constexpr (std::is_same_v<T, Json>) {
    return {.kind = Kind::json};
  } else if constexpr (std::is_same_v<T, ExtraFields>) {
    return {.kind = Kind::extra_fields};
  } else if constexpr (std::is_enum_v<T>) {
    return make_enum_type<T>();
  } else if constexpr (is_list<T>) {
    return make_list_type<T>();
  } else if constexpr (std::is_class_v<T> && std::is_aggregate_v<T>) {
    if constexpr (check_struct<T>()) {
      return {.kind = Kind::structure, .fields = fields_of<T>};
    } else {
      return {};
    }
  } else {
    static_assert(
        always_false<T>,
        "this member's type is not supported in an event: use std::string, Id, Email, bool, an integer, Count, "
        "double, NonNegative, Timestamp, Json, a described enum class, a described struct, or std::optional or "
        "std::vector of these");
    return {};
  }
}

/// True when a struct contains itself, also by way of lists and optionals.
template <class T, class... Outer>
consteval bool is_recursive();

template <class T, class... Outer, class... D>
consteval bool any_recursive(boost::mp11::mp_list<D...>) {
  return (is_recursive<std::remove_cvref_t<decltype(std::declval<T&>().*D::pointer)>, Outer..., T>() || ...);
}
template <class T, class... Outer>
consteval bool is_recursive() {
  if constexpr ((std::is_same_v<T, Outer> || ...)) {
    return true;
  } else if constexpr (is_optional<T> || is_list<T>) {
    return is_recursive<typename T::value_type, Outer...>();
  } else if constexpr (boost::describe::has_describe_members<T>::value) {
    return any_recursive<T, Outer...>(boost::mp11::mp_rename<Members<T>, boost::mp11::mp_list>{});
  } else {
    return false;
  }
}

}  // namespace collective::model
