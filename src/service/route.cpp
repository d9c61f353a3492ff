#include "service/route.hpp"

#include <algorithm>

namespace collective::service {
namespace {

bool is_parameter(std::string_view part) {
  return part.starts_with('{');
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string>& segments) {
  return std::equal(pattern.begin(), pattern.end(), segments.begin(), segments.end(),
                    [](std::string_view part, const std::string& segment) {
                      return is_parameter(part) ? !segment.empty() : part == segment;
                    });
}

}  // namespace

void RouteTable::add(Route route) {
  patterns_.push_back(split(route.path));
  routes_.push_back(std::move(route));
}

RouteTable::Found RouteTable::find(std::string_view method, const std::vector<std::string>& segments) const {
  Found found;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const auto& pattern = patterns_[i];
    if (!matches(pattern, segments)) continue;
    if (routes_[i].method != method) {
      found.allowed.push_back(routes_[i].method);
      continue;
    }
    found.route = &routes_[i];
    for (std::size_t part = 0; part < pattern.size(); ++part) {
      if (is_parameter(pattern[part]))
        found.parameters.emplace_back(pattern[part].substr(1, pattern[part].size() - 2), segments[part]);
    }
    return found;
  }
  return found;
}

}  // namespace collective::service
