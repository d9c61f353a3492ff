# One interface target carries the warnings and sanitizers that every target of this project is built with.
add_library(collective_build_options INTERFACE)
target_compile_options(collective_build_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
if(COLLECTIVE_SANITIZE)
  target_compile_options(collective_build_options INTERFACE -fsanitize=${COLLECTIVE_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all)
  target_link_options(collective_build_options INTERFACE -fsanitize=${COLLECTIVE_SANITIZE})
endif()
