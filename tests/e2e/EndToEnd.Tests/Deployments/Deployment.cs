namespace EndToEnd.Tests.Deployments;

/// <summary>Something that serves etcd's clients: one of the ways to run the five services, or etcd itself.</summary>
public abstract class Deployment : IAsyncDisposable
{
    /// <summary>How long a start may take before it has failed.</summary>
    public static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(180);

    private readonly HttpClient _probe = new() { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>The client URL, as on port 2379.</summary>
    public abstract Uri Client { get; }

    /// <summary>Members of its cluster.</summary>
    public virtual int Members => 1;

    /// <summary>The second client URL, as on port 4001.</summary>
    public abstract Uri OldClient { get; }

    /// <summary>Starts (again) on the same data and waits until it is healthy.</summary>
    public async Task StartAsync()
    {
        await LaunchAsync();
        try
        {
            await Poll.UntilAsync($"{GetType().Name} to be healthy at {Client}", StartDeadline, async () =>
            {
                ThrowIfDead();
                return await IsHealthyAsync();
            });
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message}:\n{Log}", error);
        }
    }

    /// <summary>What it said so far, for messages of tests that fail.</summary>
    public abstract string Log { get; }

    public virtual async ValueTask DisposeAsync()
    {
        _probe.Dispose();
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task LaunchAsync();

    /// <summary>Ends everything that was started, and leaves nothing behind.</summary>
    protected abstract Task StopAsync();

    /// <summary>Throws, with the reason, when waiting is in vain.</summary>
    protected abstract void ThrowIfDead();

    private async Task<bool> IsHealthyAsync()
    {
        try
        {
            using var answer = await _probe.GetAsync(new Uri(Client, "health"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
