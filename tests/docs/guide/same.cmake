# cmake -DPROGRAM=… -DPAGE=… -P same.cmake: the program prints the page.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE output RESULT_VARIABLE code)
file(READ ${PAGE} page)
if(NOT code EQUAL 0 OR NOT "${output}" STREQUAL "${page}")
  message(FATAL_ERROR "${PAGE} and the structs of the catalogue differ: write it anew with\n  ${PROGRAM} > ${PAGE}")
endif()
