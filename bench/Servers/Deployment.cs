using System.Diagnostics;
using Bench.Workloads;

namespace Bench.Servers;

/// <summary>A cluster of one or more members of one program, all on this machine, each with its own ports and data directory.</summary>
internal sealed class Deployment : IDisposable
{
    private static readonly TimeSpan LeaderTimeout = TimeSpan.FromSeconds(30);

    private readonly List<ServerProcess> _members = [];

    private readonly long _started = Stopwatch.GetTimestamp();

    private Deployment(ServerProgram program) => Program = program;

    public ServerProgram Program { get; }

    public IReadOnlyList<ServerProcess> Members => _members;

    /// <summary>From the start of the processes to the first put answered by each of them.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>All members, the load spread over them.</summary>
    public Target Target => At(_members);

    /// <summary>Starts the members together; <see cref="AwaitStart"/> waits for them.</summary>
    public static Deployment Launch(ServerProgram program, int members, string folder)
    {
        var addresses = MemberAddress.Take(members);
        var cluster = string.Join(',', addresses.Select(a => a.ClusterEntry));
        var deployment = new Deployment(program);
        try
        {
            foreach (var address in addresses)
                deployment._members.Add(ServerProcess.Start(program, address, Path.Combine(folder, address.Name), cluster));
            return deployment;
        }
        catch
        {
            deployment.Dispose();
            throw;
        }
    }

    /// <summary>Waits until each member has answered a put.</summary>
    public void AwaitStart()
    {
        AwaitAnswers();
        StartTime = Stopwatch.GetElapsedTime(_started);
    }

    /// <summary>The whole cost, with the load on some of the members only.</summary>
    public Target At(IEnumerable<ServerProcess> members) =>
        new([.. members.Select(m => m.Address.Client)], [.. _members.Select(m => m.ProcessId)]);

    public void Suspend() => _members.ForEach(m => m.Suspend());

    /// <summary>Lets the members run again and waits until each answers: an election that the pause may have brought is over then.</summary>
    public void Resume()
    {
        _members.ForEach(m => m.Resume());
        AwaitAnswers();
    }

    public void AwaitAnswers() => _members.ForEach(m => m.AwaitAnswer());

    /// <summary>The member that leads, as the members agree; waits for one.</summary>
    public ServerProcess FindLeader()
    {
        var start = Stopwatch.GetTimestamp();
        do
        {
            MemberStatus[] all = [.. _members.Select(m => MemberStatus.Of(m.Address.Client))];
            var leader = Array.FindIndex(all, s => s.IsLeader);
            if (leader >= 0 && all.All(s => s.Leader == all[leader].Member))
                return _members[leader];
        }
        while (Stopwatch.GetElapsedTime(start) < LeaderTimeout);
        throw new BenchException($"the members of {Program.Name} did not agree on a leader within {LeaderTimeout.TotalSeconds} s");
    }

    public void Dispose()
    {
        // All at once: the last of three would otherwise look for a majority that has gone.
        _members.ForEach(m => m.Terminate());
        _members.ForEach(m => m.Dispose());
        _members.Clear();
    }
}
