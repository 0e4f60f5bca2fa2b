# Every name and tag of the estate begins here. No resources.

locals {
  name = "${var.project}-${var.environment}"
}
