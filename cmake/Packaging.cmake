# Two Debian packages: `event-bus`, the command and its service, and `libcollective-events-dev`, the library.
include(GNUInstallDirs)
set(completions ${CMAKE_CURRENT_BINARY_DIR}/packaging)
file(MAKE_DIRECTORY ${completions})
add_custom_command(
  OUTPUT ${completions}/event-bus.1.gz ${completions}/event-bus.bash ${completions}/_event-bus
  COMMAND sh -c "$<TARGET_FILE:event-bus> man | gzip -9n > event-bus.1.gz"
  COMMAND sh -c "$<TARGET_FILE:event-bus> completion bash > event-bus.bash"
  COMMAND sh -c "$<TARGET_FILE:event-bus> completion zsh > _event-bus"
  DEPENDS event-bus
  WORKING_DIRECTORY ${completions}
  VERBATIM)
add_custom_target(package_files ALL DEPENDS ${completions}/event-bus.1.gz)

install(FILES ${completions}/event-bus.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT service)
install(FILES ${completions}/event-bus.bash DESTINATION share/bash-completion/completions RENAME event-bus COMPONENT service)
install(FILES ${completions}/_event-bus DESTINATION share/zsh/vendor-completions COMPONENT service)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/event-bus.service DESTINATION /lib/systemd/system COMPONENT service)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/event-bus.env DESTINATION /etc/event-bus COMPONENT service)

file(WRITE ${completions}/conffiles "/etc/event-bus/event-bus.env\n")
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME collective-events)
set(CPACK_PACKAGE_VENDOR "Collective Events")
set(CPACK_PACKAGE_CONTACT "Collective Events maintainers <root@localhost>")
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_SOURCE_DIR}/build/debian)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL service development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_SERVICE_PACKAGE_NAME event-bus)
set(CPACK_DEBIAN_SERVICE_PACKAGE_SECTION net)
set(CPACK_DEBIAN_SERVICE_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVICE_PACKAGE_CONTROL_EXTRA ${completions}/conffiles)
set(CPACK_COMPONENT_SERVICE_DESCRIPTION
    "Events between services: command line and HTTP service\n Publishes, shows, consumes and repairs events, and serves them over HTTP on port 3002.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcollective-events-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libboost1.81-dev, libsimdjson-dev, liblmdb-dev, libhiredis-dev, libssl-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "Events between services: the C++ library\n Headers, the static library and the CMake package CollectiveEvents.")
include(CPack)
