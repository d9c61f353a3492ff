#pragma once

// Everything a service needs.
#include "collective/bus.hpp"
#include "collective/catalog.hpp"
#include "collective/client.hpp"
