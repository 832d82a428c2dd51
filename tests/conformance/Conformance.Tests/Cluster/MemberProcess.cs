using System.Diagnostics;
using System.Text.Json;
using Conformance.Harness;

namespace Conformance.Cluster;

/// <summary>One start of a member: its process, what it writes, its end.</summary>
internal sealed class MemberProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_endDeadline = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly Lock _guard = new();
    private readonly List<string> _lines = [];

    public MemberProcess(ServerProgram program, IEnumerable<string> flags, string folder)
    {
        var start = new ProcessStartInfo(program.FileName) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in (string[])[.. program.FirstArguments, .. flags, .. program.ExtraFlags])
            start.ArgumentList.Add(argument);
        // A variable and a flag of the same name are a fatal conflict for etcd.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("ETCD", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    public string Log
    {
        get
        {
            lock (_guard)
                return string.Join('\n', _lines.TakeLast(40));
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> ExitAsync()
    {
        try
        {
            // This waits for the end of its output as well.
            await _process.WaitForExitAsync().WaitAsync(s_endDeadline);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"the member did not end:\n{Log}");
        }
        return _process.ExitCode;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        return _process.WaitForExitAsync();
    }

    /// <summary>Why it ended: message and error of its last fatal log line, otherwise the last error it logged, otherwise its first plain line (a usage text follows it).</summary>
    public string LastWords()
    {
        List<string> lines;
        lock (_guard)
            lines = [.. _lines];
        var logged = lines.Select(TryParse).OfType<JsonElement>().ToList();
        var line = logged.Where(l => Field(l, "level") == "fatal").Concat(logged.Where(l => Field(l, "level") != "fatal" && Field(l, "error") is not null).Reverse()).FirstOrDefault();
        if (line.ValueKind == JsonValueKind.Object)
            return $"{Field(line, "msg")}: {Field(line, "error")}";
        return lines.FirstOrDefault(l => l.Length > 0 && TryParse(l) is null) ?? "";
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private static string? Field(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static JsonElement? TryParse(string line)
    {
        if (!line.StartsWith('{'))
            return null;
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_guard)
            _lines.Add(line);
    }
}
