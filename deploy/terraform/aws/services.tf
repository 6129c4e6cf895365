locals {
  # As docker-compose.yml has them.
  services = {
    web = ["granian", "--interface=wsgi", "--host=0.0.0.0", "--port=8000", "--workers=2", "--blocking-threads=8",
      "--workers-kill-timeout=30", "--no-ws", "--http1-header-read-timeout=10000", "--http1-buffer-size=65536",
    "glucose_platform.wsgi:application"]
    edge = ["granian", "--interface=asgi", "--host=0.0.0.0", "--port=8000", "--workers=1", "--backlog=4096",
      "--backpressure=4096", "--workers-kill-timeout=30", "--http1-header-read-timeout=10000",
    "--http1-buffer-size=65536", "--ws", "glucose_platform.asgi:application"]
    worker  = ["celery", "--app", "glucose_platform", "worker"]
    alarms  = ["python", "manage.py", "evaluate_alarms"]
    beat    = ["celery", "--app", "glucose_platform", "beat"]
    migrate = ["python", "manage.py", "migrate", "--no-input"]
  }
  sizes = {
    web     = { cpu = 1024, memory = 2048 }
    edge    = { cpu = 1024, memory = 2048 }
    worker  = { cpu = 512, memory = 1024 }
    alarms  = { cpu = 256, memory = 512 }
    beat    = { cpu = 256, memory = 512 }
    migrate = { cpu = 512, memory = 1024 }
  }
  served  = toset(["web", "edge"])
  running = toset(["web", "edge", "worker", "alarms", "beat"])
  scaled  = toset(["web", "edge", "worker"])
  environment = {
    APP_ENV               = "production"
    ALLOWED_HOSTS         = var.domain
    PUBLIC_URL            = "https://${var.domain}"
    TRUST_PROXY           = "true"
    PORT                  = "8000"
    AWS_REGION            = var.region
    KMS_KEY_ID            = aws_kms_key.clinics.arn
    KMS_REGION            = var.region
    AUDIT_S3_BUCKET       = aws_s3_bucket.this["audit"].id
    EVENTS_DYNAMODB_TABLE = one(aws_dynamodb_table.events[*].name) == null ? "" : aws_dynamodb_table.events[0].name
  }
  secrets = ["SECRET_KEY", "TOKEN_SIGNING_KEYS", "AUDIT_SIGNING_KEYS", "DATABASE_URL", "DATABASE_EDGE_URL", "REDIS_URL"]
}

# Empty: their JSON is written by hand (docs/install.md), so that no secret comes into the state.
resource "aws_secretsmanager_secret" "this" {
  for_each    = toset(["app", "owner"])
  name        = "${var.name}/${each.key}"
  description = each.key == "app" ? "What serving processes read" : "DATABASE_OWNER_URL, for migrations alone"
  kms_key_id  = aws_kms_key.this.arn
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each                 = local.services
  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = local.sizes[each.key].cpu
  memory                   = local.sizes[each.key].memory
  execution_role_arn       = aws_iam_role.start[each.key == "migrate" ? "owner" : "app"].arn
  task_role_arn            = aws_iam_role.task.arn

  volume {
    name = "tmp"
  }
  volume {
    name = "state"
  }

  container_definitions = jsonencode([{
    name                   = each.key
    image                  = var.image
    command                = each.value
    essential              = true
    user                   = "1000"
    readonlyRootFilesystem = true
    stopTimeout            = 45
    linuxParameters        = { capabilities = { drop = ["ALL"] }, initProcessEnabled = true }
    mountPoints = [
      { sourceVolume = "tmp", containerPath = "/tmp" },
      { sourceVolume = "state", containerPath = "/state" },
    ]
    portMappings = contains(local.served, each.key) ? [{ containerPort = 8000 }] : []
    environment  = [for name, value in local.environment : { name = name, value = value }]
    secrets = concat(
      [for name in local.secrets : { name = name, valueFrom = "${aws_secretsmanager_secret.this["app"].arn}:${name}::" }],
      each.key != "migrate" ? [] : [
        { name = "DATABASE_OWNER_URL", valueFrom = "${aws_secretsmanager_secret.this["owner"].arn}:DATABASE_OWNER_URL::" }
      ],
    )
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.services[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
      }
    }
  }])
}

resource "aws_ecs_service" "this" {
  for_each        = local.running
  name            = each.key
  cluster         = aws_ecs_cluster.this.id
  task_definition = aws_ecs_task_definition.this[each.key].arn
  launch_type     = "FARGATE"
  # Two beats would send every task twice: the old one is gone before the new one starts.
  desired_count                      = each.key == "beat" ? 1 : var.copies[each.key]
  deployment_minimum_healthy_percent = each.key == "beat" ? 0 : 100
  deployment_maximum_percent         = each.key == "beat" ? 100 : 200
  availability_zone_rebalancing      = each.key == "beat" ? "DISABLED" : "ENABLED"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    subnets          = aws_subnet.private[*].id
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }
  dynamic "load_balancer" {
    for_each = contains(local.served, each.key) ? [each.key] : []
    content {
      target_group_arn = aws_lb_target_group.this[load_balancer.value].arn
      container_name   = load_balancer.value
      container_port   = 8000
    }
  }
  lifecycle {
    ignore_changes = [desired_count] # the autoscaler's
  }
  depends_on = [aws_lb_listener.tls]
}

resource "aws_appautoscaling_target" "this" {
  for_each           = local.scaled
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/${aws_ecs_service.this[each.key].name}"
  min_capacity       = var.copies[each.key]
  max_capacity       = var.most_copies
}

resource "aws_appautoscaling_policy" "this" {
  for_each           = local.scaled
  name               = "${each.key}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = aws_appautoscaling_target.this[each.key].resource_id
  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 300
    scale_out_cooldown = 60
    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
