#pragma once

// Everything a service needs.
#include "collective/bus.hpp"
#include "collective/catalog.hpp"
#include "collective/client.hpp"
#include "collective/saga.hpp"
#include "collective/schema.hpp"
#include "collective/ulid.hpp"
