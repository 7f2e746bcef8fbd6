// libctorch: the part of libtorch that this project uses, as plain C99.
#pragma once

#include "ctorch_autograd.h"
#include "ctorch_device.h"
#include "ctorch_distributed.h"
#include "ctorch_fused.h"
#include "ctorch_int8.h"
#include "ctorch_interface.h"
#include "ctorch_losses.h"
#include "ctorch_nn.h"
#include "ctorch_ops.h"
#include "ctorch_optim.h"
#include "ctorch_status.h"
#include "ctorch_tensor.h"
