namespace EndToEnd.Tests.Startup;

/// <summary>Members' processes, which end with the test.</summary>
internal sealed class RunningMembers(IEnumerable<ChildProcess> processes) : IAsyncDisposable
{
    private readonly ChildProcess[] _processes = [.. processes];

    /// <summary>Waits for every one of them to say that it is well.</summary>
    public async Task UntilHealthyAsync(IEnumerable<Uri> clients, string path = "health")
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        foreach (var client in clients)
        {
            await Poll.UntilAsync($"{client} to be healthy", Deployment.StartDeadline, async () =>
            {
                if (_processes.FirstOrDefault(static process => process.HasExited) is { } ended)
                    throw new InvalidOperationException(ended.Err);
                try
                {
                    using var answer = await http.GetAsync(new Uri(client, path));
                    return answer.IsSuccessStatusCode;
                }
                catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
                {
                    return false; // Not listening yet.
                }
            });
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
    }
}
