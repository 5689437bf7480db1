#!/bin/sh
# A Slurm array: sbatch slurm.sh. Each task runs its part of the sweep; modstorm reads which one from
# SLURM_ARRAY_TASK_ID. When all are done:
#   modstorm merge sweep.json sweep.sweep-*-of-4
#SBATCH --job-name=modstorm-sweep
#SBATCH --array=0-3
#SBATCH --cpus-per-task=4
#SBATCH --mem=4G
set -eu
: "${MODSTORM:=npx modstorm}"
$MODSTORM sweep sweep.json --jobs "${SLURM_CPUS_PER_TASK:-4}"
