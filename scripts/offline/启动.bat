@echo off
rem Everything is in start.ps1: this file only calls it, and stays plain ASCII so that any code page reads it.
chcp 65001 >nul
powershell.exe -NoLogo -NoProfile -ExecutionPolicy Bypass -File "%~dp0start.ps1"
pause
