#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "collective/catalog/ai.hpp"
#include "collective/catalog/contextual.hpp"
#include "collective/catalog/market.hpp"
#include "collective/catalog/notification.hpp"
#include "collective/catalog/system.hpp"
#include "collective/catalog/user.hpp"
#include "collective/event_type.hpp"

namespace collective {

/// The event types that untyped calls and tools know. A value: copy it, extend it, pass it on.
///
/// Threads: safe to read from any thread while nobody adds.
class TypeRegistry {
 public:
  TypeRegistry() = default;

  /// Knows every type of the catalogue.
  [[nodiscard]] static TypeRegistry catalog();

  template <EventStruct T>
  TypeRegistry& add() {
    return add(descriptor_of<T>());
  }
  /// Adding the same type again changes nothing.
  /// @throws Error Errc::conflict when another struct has the name
  TypeRegistry& add(const TypeDescriptor& type);

  /// Null when the type is not known.
  [[nodiscard]] const TypeDescriptor* find(std::string_view name) const noexcept;

  /// @throws Error Errc::unknown_type, with the nearest name
  [[nodiscard]] const TypeDescriptor& get(std::string_view name) const;

  /// The known name that was probably meant; empty when none is near.
  [[nodiscard]] std::string_view nearest(std::string_view name) const;

  /// Every known type, sorted by name.
  [[nodiscard]] std::vector<const TypeDescriptor*> list() const;

 private:
  std::map<std::string_view, const TypeDescriptor*, std::less<>> types_;
};

}  // namespace collective
