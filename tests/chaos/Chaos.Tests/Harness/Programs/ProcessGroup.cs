namespace Chaos.Tests.Harness.Programs;

/// <summary>Processes that are started and struck together, or one by one by their roles.</summary>
public sealed class ProcessGroup(Func<IReadOnlyList<ProcessLaunch>> launches) : IAsyncDisposable
{
    private readonly SortedDictionary<string, ChildProcess> _running = new(StringComparer.Ordinal);
    private readonly HttpClient _probe = new() { Timeout = TimeSpan.FromSeconds(3) };
    private string _earlierLog = "";

    // For readers on other threads: proxies ask at any time whose connection it is.
    private volatile IReadOnlyList<int> _ids = [];

    public bool IsEmpty => _running.Count == 0;

    public bool IsRunning => _running.Count > 0 && _running.Values.All(process => !process.HasExited);

    /// <summary>Of those that were started and not ended. Thread-safe.</summary>
    public IReadOnlyList<int> Ids => _ids;

    /// <summary>The ends of what they wrote, over all their starts: for a reader, not for a check.</summary>
    public string Log => _earlierLog + string.Concat(_running.Select(entry => $"----- {entry.Key}\n{Tail(entry.Value.Err + entry.Value.Out)}\n"));

    /// <summary>True when one that runs wrote this, however long ago.</summary>
    public bool Wrote(string text) =>
        _running.Values.Any(process => process.Err.Contains(text, StringComparison.Ordinal) || process.Out.Contains(text, StringComparison.Ordinal));

    /// <summary>Starts all that do not run, or the one.</summary>
    public void Start(string? role = null)
    {
        foreach (var launch in launches().Where(launch => role is null || launch.Role == role))
        {
            Assert.False(_running.ContainsKey(launch.Role), $"{launch.Role} runs already");
            _running.Add(launch.Role, ChildProcess.Start(launch.Program, launch.Arguments, launch.Environment, "/"));
            _ids = [.. _running.Values.Select(process => process.Id)];
        }
    }

    /// <summary>True when every one that says whether it is ready says that it is.</summary>
    public async Task<bool> AreReadyAsync()
    {
        foreach (var launch in launches().Where(launch => launch.Health is not null))
        {
            if (!await IsReadyAsync(launch.Health!))
                return false;
        }
        return true;
    }

    /// <summary>Does something to all, or to the one.</summary>
    public void Signal(Action<ChildProcess> how, string? role = null) => Of(role).ForEach(entry => how(entry.Value));

    /// <summary>Ends all, or the one; returns when they are gone.</summary>
    public async Task EndAsync(Action<ChildProcess> how, string word, string? role = null)
    {
        var ending = Of(role);
        ending.ForEach(entry => how(entry.Value));
        foreach (var (name, process) in ending)
        {
            await process.WaitForExitAsync();
            _earlierLog += $"----- {name}\n{Tail(process.Err + process.Out)}\n--- {word} ---\n";
            _running.Remove(name);
            _ids = [.. _running.Values.Select(running => running.Id)];
            await process.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _probe.Dispose();
        await EndAsync(process => process.Kill(), "killed");
    }

    /// <summary>True when this address answers that all is well.</summary>
    public async Task<bool> IsReadyAsync(Uri health)
    {
        try
        {
            using var answer = await _probe.GetAsync(health);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private List<KeyValuePair<string, ChildProcess>> Of(string? role)
    {
        var found = _running.Where(entry => role is null || entry.Key == role).ToList();
        Assert.True(role is null || found.Count == 1, $"no {role} runs");
        return found;
    }

    private static string Tail(string log) => log.Length <= 3000 ? log : "..." + log[^3000..];
}
