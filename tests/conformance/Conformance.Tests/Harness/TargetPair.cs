using Conformance.V2;

namespace Conformance.Harness;

/// <summary>
/// The reference and the candidate, started once for a test class. Scenarios of one pair run one after the other,
/// since their revisions are relative to where they began; each runs on both servers at the same time.
/// </summary>
public abstract class TargetPair : IAsyncLifetime
{
    // The two stand at different positions, so that a number which escaped the normaliser shows, even between equal servers.
    private const long CandidatePosition = Normaliser.FirstPosition + 21;

    private Target? _reference;
    private Target? _candidate;

    /// <summary>The reference.</summary>
    internal Target Etcd => _reference!;

    /// <summary>The candidate.</summary>
    internal Target Ours => _candidate!;

    private protected abstract Func<ServerProgram> Reference { get; }

    /// <summary>Brings a new server to this revision (v2: index) at least.</summary>
    private protected abstract Task PrepareAsync(Target target, long position);

    public async Task InitializeAsync()
    {
        var reference = StartAsync(Reference(), Normaliser.FirstPosition);
        var candidate = StartAsync(ServerProgram.Candidate(Reference), CandidatePosition);
        // Both are awaited even when one fails, so that the other is disposed.
        await Task.WhenAll(reference.ContinueWith(t => _reference = t.IsCompletedSuccessfully ? t.Result : null, TaskScheduler.Default),
            candidate.ContinueWith(t => _candidate = t.IsCompletedSuccessfully ? t.Result : null, TaskScheduler.Default));
        await reference;
        await candidate;
    }

    public async Task DisposeAsync()
    {
        if (_reference is not null)
            await _reference.DisposeAsync();
        if (_candidate is not null)
            await _candidate.DisposeAsync();
    }

    /// <summary>Runs the scenario on both servers and fails with a diff when the transcripts differ.</summary>
    internal async Task CompareAsync<TSession>(Scenario<TSession> scenario, Func<Target, Transcript, Task<TSession>> open)
        where TSession : IAsyncDisposable
    {
        var reference = RunAsync(_reference!, scenario, open);
        var candidate = RunAsync(_candidate!, scenario, open);
        await Task.WhenAll(reference, candidate);
        (await reference).Save(scenario.Name, "reference");
        (await candidate).Save(scenario.Name, "candidate");
        Assert.False((await reference).Broke, $"the scenario does not even run on {_reference!.Label}:\n{await reference}\n{_reference.Log}");
        var diff = LineDiff.Between((await reference).Lines, (await candidate).Lines);
        Assert.True(diff is null, $"{scenario.Name}: - {_reference!.Label}, + {_candidate!.Label}\n{diff}\n{_candidate.Log}");
    }

    private async Task<Target> StartAsync(ServerProgram program, long position)
    {
        var target = await Target.StartAsync(program);
        await VersionIsDecidedAsync(target);
        await PrepareAsync(target, position);
        return target;
    }

    // A new cluster decides its version with a write of its own, which takes a v2 index and shows in /version: it must not fall into a scenario.
    private static async Task VersionIsDecidedAsync(Target target)
    {
        var deadline = DateTime.UtcNow.AddSeconds(40);
        while (DateTime.UtcNow < deadline)
        {
            using var version = await RawHttp.SendAsync(target.ClientPort, "GET", "/version", [], null);
            if (!(await version.ReadToEndAsync()).Contains("not_decided", StringComparison.Ordinal))
                return;
            await Task.Delay(50);
        }
        throw new InvalidOperationException($"{target.Label} did not decide the cluster version:\n{target.Log}");
    }

    private static async Task<Transcript> RunAsync<TSession>(
        Target target, Scenario<TSession> scenario, Func<Target, Transcript, Task<TSession>> open)
        where TSession : IAsyncDisposable
    {
        var transcript = new Transcript();
        try
        {
            await using var session = await open(target, transcript);
            await scenario.Body(session);
        }
#pragma warning disable CA1031 // Whatever the server under test provokes is an answer to compare, and is shown in the diff.
        catch (Exception e)
#pragma warning restore CA1031
        {
            transcript.Break(e);
        }
        return transcript;
    }
}
