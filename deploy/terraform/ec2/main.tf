# One machine that runs docker-compose.yml with docker-compose.prod.yml. No SSH: `aws ssm start-session`.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = { project = var.name }
  }
}

data "aws_vpc" "default" {
  default = true
}

data "aws_ssm_parameter" "debian" {
  name = "/aws/service/debian/release/13/latest/amd64"
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: the machine's disks"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-"
  description = "The proxy of the platform"
  vpc_id      = data.aws_vpc.default.id
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  for_each          = { for pair in setproduct(["80", "443"], var.callers) : join(" ", pair) => pair }
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = each.value[1]
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value[0])
  to_port           = tonumber(each.value[0])
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.this.id
  description       = "Packages, images, certificates, Dexcom, webhooks and mail"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_iam_role" "this" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "sessions" {
  role       = aws_iam_role.this.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "this" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.this.name
}

resource "aws_instance" "this" {
  ami                     = data.aws_ssm_parameter.debian.value
  instance_type           = var.machine
  vpc_security_group_ids  = [aws_security_group.this.id]
  iam_instance_profile    = aws_iam_instance_profile.this.name
  disable_api_termination = true
  ebs_optimized           = true

  # Containers have no business with the machine's role: one hop does not reach them.
  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.data_gigabytes
    encrypted             = true
    kms_key_id            = aws_kms_key.this.arn
    delete_on_termination = false
  }
  user_data = templatefile("${path.module}/start.sh", {
    domain        = var.domain
    acme_email    = var.acme_email
    source_url    = var.source_url
    source_sha256 = var.source_sha256
  })
  tags = { Name = var.name }

  lifecycle {
    ignore_changes = [ami] # a new image must not replace the machine that holds the data
  }
}

resource "aws_eip" "this" {
  instance = aws_instance.this.id
  domain   = "vpc"
}
