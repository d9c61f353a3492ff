# cmake -DFOLDER=… -DOUTPUT=… -P embed_scripts.cmake: the scripts as string literals, so that the program needs no files.
file(GLOB scripts ${FOLDER}/*.lua)
set(text "// Made from scripts/*.lua by embed_scripts.cmake.\n")
foreach(script IN LISTS scripts)
  get_filename_component(name ${script} NAME_WE)
  file(READ ${script} body)
  string(APPEND text "inline constexpr char ${name}_lua[] = R\"lua-text(${body})lua-text\";\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
