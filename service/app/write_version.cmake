# Run at every build: writes OUTPUT from INPUT, but leaves the file alone when nothing has changed.
execute_process(
  COMMAND git describe --always --abbrev=12 --match= --dirty
  WORKING_DIRECTORY ${SOURCE_DIR}
  OUTPUT_VARIABLE MUTEXD_COMMIT
  OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET)
configure_file(${INPUT} ${OUTPUT} @ONLY)
