#pragma once

#include "broker/admin.hpp"
#include "broker/redis/reply.hpp"

// What the scripts answer, as the contract's types. Text in the results lives in the answer, which they keep.
namespace collective::redis {

std::vector<broker::Appended> appended(const Reply& reply);
broker::Exchanged exchanged(const AnswerPointer& answer, std::string_view stream);
broker::Page page(const AnswerPointer& answer, std::string_view stream);
broker::UpkeepReport upkeep_report(const Reply& reply);

broker::StreamInfo stream_info(const Reply& reply, const std::string& stream);
std::vector<broker::GroupInfo> group_infos(const Reply& reply, Timestamp now);
std::vector<broker::PendingInfo> pending_infos(const Reply& reply);
broker::DeadLetterPage dead_letters(const AnswerPointer& answer, std::string_view stream);

}  // namespace collective::redis
