// Found by pkg-config: Scripts/build-shim installs the header with libctorch.
#include <ctorch.h>
