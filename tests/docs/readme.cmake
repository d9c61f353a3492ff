# cmake -DPROGRAM=… -DSOURCE=… -DSTORE=… -P readme.cmake: the README's program ends by itself, with its input closed, and
# prints what it should. It stays short.
file(REMOVE_RECURSE ${STORE})
execute_process(COMMAND ${PROGRAM} INPUT_FILE /dev/null RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors TIMEOUT 60)
if(NOT code EQUAL 0 OR NOT output STREQUAL "welcome, user@example.com\n")
  message(FATAL_ERROR "the program of README.md ended with ${code}\n${output}\n${errors}")
endif()
if(NOT EXISTS ${STORE}/data.mdb)
  message(FATAL_ERROR "the program of README.md did not keep its events in ${STORE}")
endif()

file(READ ${SOURCE} text)
string(REGEX REPLACE "[^\n]" "" lines "${text}")
string(LENGTH "${lines}" lines)
if(lines GREATER_EQUAL 25)
  message(FATAL_ERROR "the program of README.md has ${lines} lines; it is to stay under 25")
endif()
