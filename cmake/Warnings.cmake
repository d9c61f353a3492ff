# One interface target carries the warnings and sanitizers that every target of this project is built with.
add_library(collective_build_options INTERFACE)
target_compile_options(collective_build_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns about the standard library's own string concatenation (GCC bug 105651).
  target_compile_options(collective_build_options INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # Clang serves the analysis and the fuzzers; GCC's build is the one that keeps warnings out.
  target_compile_options(collective_build_options INTERFACE -Wno-error -Wno-deprecated-declarations)
endif()
if(COLLECTIVE_SANITIZE)
  target_compile_options(collective_build_options INTERFACE -fsanitize=${COLLECTIVE_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC 12 takes instrumented buffers for uninitialised ones; the plain builds keep that warning.
    target_compile_options(collective_build_options INTERFACE -Wno-maybe-uninitialized)
    if(COLLECTIVE_SANITIZE STREQUAL thread)
      # Asio fences beside its locks; GCC's thread sanitizer sees the locks only, which is enough, and warns of the fences.
      target_compile_options(collective_build_options INTERFACE -Wno-tsan)
    endif()
  endif()
  target_link_options(collective_build_options INTERFACE -fsanitize=${COLLECTIVE_SANITIZE})
endif()
