// Records of the embedded store: damaged ones, and sealed ones that no version of ours wrote.
#include "broker/embedded/codec.hpp"
#include "broker/embedded/keys.hpp"
#include "broker/embedded/records.hpp"
#include "fuzz/fuzz.hpp"

namespace collective::fuzz {
namespace {

constexpr std::string_view key = "a key";

template <class Record>
void decode(std::string_view record) {
  const auto read = Record::decode(key, record);
  std::string once, twice;
  read.encode(key, once);
  Record::decode(key, once).encode(key, twice);
  promise(once == twice, "a record comes back as it was");
}

void decode_routes(std::string_view record) {
  std::string once, twice;
  embedded::encode(embedded::decode_routes(key, record), key, once);
  embedded::encode(embedded::decode_routes(key, once), key, twice);
  promise(once == twice, "routes come back as they were");
}

void decode_event(std::string_view record) {
  const auto read = embedded::EventRecord::decode(key, record, "stream");
  std::string once, twice;
  read.encode(key, "stream", once);
  embedded::EventRecord::decode(key, once, "stream").encode(key, "stream", twice);
  promise(once == twice, "an event comes back as it was");
}

void decode_any(std::uint8_t kind, std::string_view record) {
  try {
    switch (kind % 9) {
      case 0:
        return decode<embedded::FormatRecord>(record);
      case 1:
        return decode<embedded::StreamRecord>(record);
      case 2:
        return decode<embedded::GroupRecord>(record);
      case 3:
        return decode<embedded::MemberRecord>(record);
      case 4:
        return decode<embedded::Pending>(record);
      case 5:
        return decode<embedded::Run>(record);
      case 6:
        return decode<embedded::Letter>(record);
      case 7:
        return decode_routes(record);
      default:
        return decode_event(record);
    }
  } catch (const embedded::BadRecord&) {
  }
}

void read_key(std::string_view bytes) {
  embedded::KeyReader reader(bytes);
  reader.byte();
  reader.u32();
  promise(reader.counted().size() <= bytes.size(), "a key's name is part of it");
  reader.id();
  reader.time();
  promise(reader.rest().size() <= bytes.size(), "what is left of a key is part of it");
}

}  // namespace
}  // namespace collective::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  auto input = fuzz::text_of(data, size);
  const auto kind = fuzz::take_byte(input);
  fuzz::decode_any(kind, input);  // the checksum refuses it
  std::string sealed;
  fuzz::decode_any(kind, embedded::Encoder(sealed, 1).raw(input).finish(fuzz::key));
  fuzz::decode_any(5, embedded::Encoder(sealed, 1).raw(input).finish(fuzz::key));
  fuzz::read_key(input);
  return 0;
}
