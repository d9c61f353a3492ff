#include "runtime/core.hpp"
