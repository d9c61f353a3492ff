#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collective/catalog/streams.hpp"
#include "collective/event_type.hpp"

namespace collective {

enum class MarketDataSource : std::uint8_t { reddit = 1, google_trends, rss_feeds };
BOOST_DESCRIBE_ENUM(MarketDataSource, reddit, google_trends, rss_feeds)

/// A collection of market data began.
struct MarketDataCollectionStarted {
  static constexpr EventType event{"market.data.collection.started", streams::market};

  Id collection_id;
  MarketDataSource data_source;
  std::vector<std::string> keywords;
  std::vector<Id> user_ids;

  bool operator==(const MarketDataCollectionStarted&) const = default;
};
BOOST_DESCRIBE_STRUCT(MarketDataCollectionStarted, (), (collection_id, data_source, keywords, user_ids))

enum class MarketDataType : std::uint8_t { engagement = 1, trend, competitor_activity };
BOOST_DESCRIBE_ENUM(MarketDataType, engagement, trend, competitor_activity)

/// A collection of market data ended.
struct MarketDataCollected {
  static constexpr EventType event{"market.data.collected", streams::market};

  Id collection_id;
  std::string data_source;  ///< usually the name of a MarketDataSource
  MarketDataType data_type;
  Count records_collected;
  NonNegative collection_time_ms;
  double data_quality_score;

  bool operator==(const MarketDataCollected&) const = default;
};
BOOST_DESCRIBE_STRUCT(MarketDataCollected, (),
                      (collection_id, data_source, data_type, records_collected, collection_time_ms,
                       data_quality_score))

enum class TrendType : std::uint8_t { rising = 1, declining, stable };
BOOST_DESCRIBE_ENUM(TrendType, rising, declining, stable)

/// A trend was found.
struct MarketTrendDetected {
  static constexpr EventType event{"market.trend.detected", streams::market};

  Id trend_id;
  TrendType trend_type;
  std::vector<std::string> keywords;
  double confidence_score;
  std::vector<Id> affected_users;
  Json trend_data;

  bool operator==(const MarketTrendDetected&) const = default;
};
BOOST_DESCRIBE_STRUCT(MarketTrendDetected, (),
                      (trend_id, trend_type, keywords, confidence_score, affected_users, trend_data))

}  // namespace collective
