#include <array>

#include "broker/embedded/codec.hpp"
#include "broker/embedded/records.hpp"

namespace collective::embedded {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::uint8_t names_its_stream = 1;  // flag: the event carries another stream name than its place implies
constexpr std::uint8_t has_defect = 2;

void put_body(Encoder& to, const EnvelopeView& event, std::string_view defect, std::string_view stream) {
  // An event on its way in names no stream: it is the one it is stored in.
  const bool foreign = !event.stream.empty() && event.stream != stream;
  to.u8(static_cast<std::uint8_t>((foreign ? names_its_stream : 0) | (defect.empty() ? 0 : has_defect)));
  to.varint(event.version).time(event.timestamp);
  const std::array texts{event.id, event.type, event.correlation_id, event.user_id, event.data, event.metadata};
  for (const auto text : texts) to.varint(text.size());
  for (const auto text : texts) to.raw(text);
  if (foreign) to.text(event.stream);
  if (!defect.empty()) to.text(defect);
}

EventRecord body_from(Decoder& from, std::string_view stream) {
  EventRecord result;
  auto& event = result.event;
  const auto flags = from.u8();
  event.version = from.varint32();
  event.timestamp = from.time();
  std::array<std::uint64_t, 6> sizes{};
  for (auto& size : sizes) size = from.varint();
  const std::array texts{&event.id, &event.type, &event.correlation_id, &event.user_id, &event.data, &event.metadata};
  for (std::size_t i = 0; i < texts.size(); ++i) *texts[i] = from.raw(sizes[i]);
  event.stream = (flags & names_its_stream) != 0 ? from.text() : stream;
  if ((flags & has_defect) != 0) result.defect = from.text();
  return result;
}

}  // namespace

std::string_view EventRecord::encode(std::string_view key, std::string_view stream, std::string& out) const {
  Encoder to(out, format);
  to.varint(ordinal).id(origin);
  put_body(to, event, defect, stream);
  return to.finish(key);
}

std::string_view EventRecord::encode_body(std::string_view stream, std::string& out) const {
  Encoder to(out, format);
  put_body(to, event, defect, stream);
  return std::string_view(out).substr(record_header);
}

EventRecord EventRecord::decode(std::string_view key, std::string_view record, std::string_view stream) {
  Decoder from(key, record, format);
  const auto ordinal = from.varint();
  const auto origin = from.id();
  auto result = body_from(from, stream);
  result.ordinal = ordinal;
  result.origin = origin;
  return result;
}

EventRecord EventRecord::decode_body(std::string_view body, std::string_view stream) {
  Decoder from = Decoder::unchecked(body);
  return body_from(from, stream);
}

}  // namespace collective::embedded
