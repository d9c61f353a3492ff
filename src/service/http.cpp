#include "service/http.hpp"

#include <algorithm>

namespace collective::service {

const std::string& Request::parameter(std::string_view name) const {
  return std::find_if(parameters.begin(), parameters.end(), [&](const auto& known) { return known.first == name; })
      ->second;
}

const std::string* Request::query_value(std::string_view name) const {
  const auto found = std::find_if(query.begin(), query.end(), [&](const auto& known) { return known.first == name; });
  return found == query.end() ? nullptr : &found->second;
}

}  // namespace collective::service
