#include "collective/catalog.hpp"

#include "collective/error.hpp"
#include "collective/validation.hpp"

#include "event/problems.hpp"

namespace collective {

TypeRegistry TypeRegistry::catalog() {
  TypeRegistry types;
  types.add<UserRegistered>().add<UserLogin>().add<UserPreferencesUpdated>().add<UserUpdated>();
  types.add<FileUploaded>().add<FileProcessingStarted>().add<FileProcessingCompleted>();
  types.add<EmbeddingGenerationRequested>().add<EmbeddingGenerationCompleted>();
  types.add<AiContentGenerationRequested>().add<AiContentGenerationCompleted>();
  types.add<AiConsultationRequested>().add<AiConsultationCompleted>();
  types.add<MarketDataCollectionStarted>().add<MarketDataCollected>().add<MarketTrendDetected>();
  types.add<NotificationSendRequested>().add<NotificationDelivered>().add<BriefingGenerationScheduled>();
  types.add<SystemServiceHealth>().add<SystemErrorCritical>().add<SystemPerformanceDegraded>();
  return types;
}

TypeRegistry& TypeRegistry::add(const TypeDescriptor& type) {
  const auto [known, added] = types_.emplace(type.name, &type);
  if (!added && known->second != &type) {
    throw Error(Errc::conflict,
                "two structs claim to be event type \"" + std::string(type.name) + "\": give one of them another name");
  }
  return *this;
}

const TypeDescriptor* TypeRegistry::find(std::string_view name) const noexcept {
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : found->second;
}

std::string_view TypeRegistry::nearest(std::string_view name) const {
  std::vector<std::string_view> names;
  names.reserve(types_.size());
  for (const auto& [known, type] : types_) names.push_back(known);
  return collective::nearest(name, names);
}

const TypeDescriptor& TypeRegistry::get(std::string_view name) const {
  if (const auto* type = find(name)) return *type;
  const auto near = nearest(name);
  throw Error(Errc::unknown_type, "there is no event type " + event::quoted(name) +
                                      (near.empty() ? std::string("; make your own known with EventClient::know")
                                                    : "; did you mean \"" + std::string(near) + "\"?"));
}

std::vector<const TypeDescriptor*> TypeRegistry::list() const {
  std::vector<const TypeDescriptor*> types;
  types.reserve(types_.size());
  for (const auto& [name, type] : types_) types.push_back(type);
  return types;
}

}  // namespace collective
