# One interface target carries the warnings and sanitizers that every target of this project is built with.
add_library(collective_build_options INTERFACE)
target_compile_options(collective_build_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns about the standard library's own string concatenation (GCC bug 105651).
  target_compile_options(collective_build_options INTERFACE -Wno-restrict)
endif()
if(COLLECTIVE_SANITIZE)
  # GCC 12 takes instrumented buffers for uninitialised ones; the plain builds keep that warning.
  target_compile_options(collective_build_options INTERFACE -fsanitize=${COLLECTIVE_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all -Wno-maybe-uninitialized)
  target_link_options(collective_build_options INTERFACE -fsanitize=${COLLECTIVE_SANITIZE})
endif()
