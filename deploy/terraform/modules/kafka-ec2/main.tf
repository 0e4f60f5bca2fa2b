# Kafka on EC2: three controllers, three brokers, a control center, in three zones. Ansible installs them; it gets its
# inventory from here, and reaches them by Session Manager or through the bastion.

locals {
  # MiB by type. Half of a broker is its page cache, so a heap may take the other half and no more.
  memory_mib = {
    "t3.small"  = 2048, "t3.medium" = 4096, "t3.large" = 8192, "t3.xlarge" = 16384
    "m6i.large" = 8192, "m6i.xlarge" = 16384, "m6i.2xlarge" = 32768
    "m7i.large" = 8192, "m7i.xlarge" = 16384, "m7i.2xlarge" = 32768
    "r6i.large" = 16384, "r6i.xlarge" = 32768, "r7i.large" = 16384, "r7i.xlarge" = 32768
  }

  roles = {
    controller       = { type = var.controller_instance_type, count = 3, first_id = 1, data_gib = 10 }
    broker           = { type = var.broker_instance_type, count = 3, first_id = 11, data_gib = var.broker_storage_gib }
    "control-center" = { type = var.control_center_instance_type, count = var.control_center ? 1 : 0, first_id = 0, data_gib = 20 }
  }

  nodes = merge([
    for role, settings in local.roles : {
      for index in range(settings.count) : "${role}-${index + 1}" => {
        role     = role
        type     = settings.type
        id       = settings.first_id + index
        zone     = index
        data_gib = settings.data_gib
      }
    }
  ]...)

  # Kafka's ids are 16 bytes in base64url: from the names, so that they stay the same. The last character carries two bits.
  ids = { for key in concat(["cluster"], keys(local.nodes)) : key => "${substr(replace(replace(base64sha256("${var.name} ${key}"), "+", "x"), "/", "y"), 0, 21)}A" }
}

data "aws_partition" "current" {}

data "aws_ami" "ubuntu" {
  most_recent = true
  owners      = ["099720109477"] # Canonical

  filter {
    name   = "name"
    values = ["ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"]
  }
}

data "aws_subnet" "this" {
  for_each = { for index, id in var.subnet_ids : tostring(index) => id }

  id = each.value
}

resource "aws_instance" "this" {
  for_each = local.nodes

  ami                    = data.aws_ami.ubuntu.id
  instance_type          = each.value.type
  subnet_id              = var.subnet_ids[each.value.zone]
  vpc_security_group_ids = [var.security_group_id]
  iam_instance_profile   = aws_iam_instance_profile.this.name
  key_name               = var.key_name
  ebs_optimized          = true
  monitoring             = true

  associate_public_ip_address = false

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 20
    encrypted   = true
    kms_key_id  = var.kms_key_arn
  }

  tags = { Name = "${var.name}-kafka-${each.key}", Role = each.value.role }

  lifecycle {
    # A newer image is no reason to replace a broker: docs/estate.md says how to.
    ignore_changes = [ami]
  }
}

# Topics outlive the machine: a replaced broker takes its volume over.
resource "aws_ebs_volume" "data" {
  for_each = local.nodes

  availability_zone = data.aws_subnet.this[tostring(each.value.zone)].availability_zone
  type              = "gp3"
  size              = each.value.data_gib
  encrypted         = true
  kms_key_id        = var.kms_key_arn
  tags              = { Name = "${var.name}-kafka-${each.key}" }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_volume_attachment" "data" {
  for_each = local.nodes

  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data[each.key].id
  instance_id = aws_instance.this[each.key].id
}

# Names that stay when a machine is replaced: what clients begin with, what certificates are made out to. They are known
# before the machines have addresses, which an event source mapping of Lambda needs.
resource "aws_route53_zone" "this" {
  name    = "${var.name}.kafka.internal"
  comment = "Kafka of ${var.name}"

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "this" {
  for_each = local.nodes

  zone_id = aws_route53_zone.this.zone_id
  name    = "${each.key}.${var.name}.kafka.internal"
  type    = "A"
  ttl     = 60
  records = [aws_instance.this[each.key].private_ip]
}

resource "aws_iam_role" "this" {
  name = "${var.name}-kafka"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = ["sts:AssumeRole"]
    }]
  })
}

resource "aws_iam_role_policy_attachment" "session_manager" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "this" {
  name = "${var.name}-kafka"
  role = aws_iam_role.this.name
}
