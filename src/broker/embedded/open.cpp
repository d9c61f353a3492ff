#include <memory>

#include "broker/embedded/broker.hpp"
#include "broker/embedded/embedded.hpp"

namespace collective::embedded {
namespace {

const char* name_of(Sync sync) {
  switch (sync) {
    case Sync::commit:
      return "commit";
    case Sync::full:
      return "full";
    case Sync::none:
      return "none";
  }
  return "commit";
}

const char* survives(Sync sync) {
  switch (sync) {
    case Sync::commit:
      return "a killed process; power loss or a system crash, but for the last 10 ms; not a broken disk";
    case Sync::full:
      return "a killed process, power loss and a system crash (if the disk tells the truth); not a broken disk";
    case Sync::none:
      return "a killed process; a system crash or power loss may destroy the whole store";
  }
  return "";
}

}  // namespace

broker::Store open(const Options& options) {
  try {
    auto shared = std::make_shared<EmbeddedBroker>(share(options));
    return {shared, shared, "embedded:" + options.path + " (sync=" + name_of(options.sync) + ")",
            survives(options.sync)};
  } catch (const Fault& fault) {
    throw Error(fault.code(), fault.what());
  }
}

}  // namespace collective::embedded
