#pragma once

#include <optional>
#include <string_view>

#include "broker/contract.hpp"

// Names become parts of keys, so they have a longest length. Each check returns what is wrong, or nothing.
namespace collective::embedded {

std::optional<broker::Failure> check_name(std::string_view what, std::string_view name);
std::optional<broker::Failure> check_names(const broker::GroupKey& key);
std::optional<broker::Failure> check_names(const broker::GroupKey& key, std::string_view other);
std::optional<broker::Failure> check_names(const broker::AppendBatch& batch);
std::optional<broker::Failure> check_names(const broker::Join& request);
std::optional<broker::Failure> check_names(const broker::Exchange& request);

}  // namespace collective::embedded
