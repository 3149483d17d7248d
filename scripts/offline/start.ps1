# Installs ecotrack from this folder alone (no network) and opens the map. Nothing outside this folder is changed.
# Start it by double-clicking 启动.bat. Paths with Chinese characters and spaces are fine; very long ones are not
# (Windows allows 260 characters): put the folder near the top of a drive.
$ErrorActionPreference = 'Stop'
[Console]::OutputEncoding = [System.Text.Encoding]::UTF8
$env:PYTHONUTF8 = '1'
Set-Location -LiteralPath $PSScriptRoot

function Test-Python([string[]] $Command) {
    $Words = @($Command | Select-Object -Skip 1)
    $Words += @('-c', 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13) and sys.maxsize > 2**32))')
    try {
        & $Command[0] @Words 2>$null | Out-Null
        return $LASTEXITCODE -eq 0
    } catch {
        return $false
    }
}

function Invoke-Step([string] $Program, [string[]] $Words) {
    & $Program @Words
    if ($LASTEXITCODE -ne 0) {
        Write-Host "步骤失败 / step failed: $($Words -join ' ')" -ForegroundColor Red
        exit $LASTEXITCODE
    }
}

[string[]] $Python = @()
foreach ($Try in @('py', '-3.13'), @('py', '-3.12'), @('py', '-3.11'), @(, 'python')) {
    if (Test-Python $Try) { $Python = $Try; break }
}
if ($Python.Count -eq 0) {
    Write-Host '需要 64 位的 Python 3.11、3.12 或 3.13，请先安装（安装时勾选 Add python.exe to PATH）。'
    Write-Host '64-bit Python 3.11, 3.12 or 3.13 is needed: install it first (tick "Add python.exe to PATH").'
    exit 1
}

$Venv = Join-Path $PSScriptRoot 'venv'
$VenvPython = Join-Path $Venv 'Scripts\python.exe'
$Ecotrack = Join-Path $Venv 'Scripts\ecotrack.exe'
$Wanted = Join-Path $PSScriptRoot 'requirements.txt'
$Done = Join-Path $Venv 'installed.txt'
$Installed = (Test-Path -LiteralPath $Done) -and
    ((Get-FileHash -LiteralPath $Done).Hash -eq (Get-FileHash -LiteralPath $Wanted).Hash)
if (-not $Installed) {
    Write-Host '正在安装（不联网），约需一两分钟…… / installing, without a network ...'
    $First = @($Python | Select-Object -Skip 1)
    Invoke-Step $Python[0] ($First + @('-m', 'venv', $Venv))
    Invoke-Step $VenvPython @('-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-index',
        '--find-links', 'wheelhouse', '--require-hashes', '-r', 'requirements.txt')
    Copy-Item -LiteralPath $Wanted -Destination $Done
}

$Workspace = Join-Path $PSScriptRoot 'workspace'
$Map = Join-Path $Workspace 'maps\out\hengshui.html'
if (-not (Test-Path -LiteralPath (Join-Path $Workspace 'register\ecotrack.gpkg'))) {
    Invoke-Step $Ecotrack @('-w', $Workspace, 'demo', 'build')
}
Invoke-Step $Ecotrack @('-w', $Workspace, 'stats')
New-Item -ItemType Directory -Force -Path (Split-Path -Parent $Map) | Out-Null
Invoke-Step $Ecotrack @('-w', $Workspace, 'map', 'hengshui', '-o', $Map)
Write-Host "地图 / map: $Map"
Invoke-Item -LiteralPath $Map
