#!/bin/bash
# What people need there: AWS CLI, kubectl, the clients of MySQL, PostgreSQL and Redis.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes unzip curl mysql-client postgresql-client redis-tools
snap install aws-cli --classic
snap install kubectl --classic --channel=${kubernetes_version}/stable
