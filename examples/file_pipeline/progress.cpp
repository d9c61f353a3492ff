#include "progress.hpp"

#include "events.hpp"

namespace pipeline {

using namespace collective;

void Progress::add(const AnyEvent& event) {
  const auto& envelope = event.envelope;
  const auto header = event.header();
  ++counts_[envelope.type];
  auto& file = files_[envelope.correlation_id];
  file.steps.push_back(
      {envelope.type, envelope.id, header.causation_id(), header.source(), event.entry_id, envelope.timestamp});
  if (envelope.type == FileUploaded::event.name) file.name = event.as<FileUploaded>().data.filename;
  if (envelope.type == NotificationDelivered::event.name) {
    if (!file.told) ++told_;
    file.told = true;
    file.succeeded = event.as<NotificationDelivered>().data.success;
  }
}

std::size_t Progress::count(std::string_view type) const {
  const auto found = counts_.find(std::string(type));
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace pipeline
