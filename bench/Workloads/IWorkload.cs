namespace Bench.Workloads;

/// <summary>A load as a set of calls on the loop. All members are called on the loop's thread.</summary>
internal interface IWorkload
{
    /// <summary>Starts what has to exist before the load: watchers, leases.</summary>
    void Prepare();

    /// <summary>True once all of that is there.</summary>
    bool IsPrepared { get; }

    /// <summary>Starts the load.</summary>
    void Start();

    /// <summary>Nothing new from here on; what is in flight comes to its end.</summary>
    void Stop();

    /// <summary>True once nothing is in flight, and every event that is due has arrived.</summary>
    bool IsIdle { get; }

    /// <summary>What is still missing when it does not become idle.</summary>
    string Missing { get; }

    /// <summary>Next time the load wants to act by itself; <see cref="long.MaxValue"/> when only answers drive it.</summary>
    long NextDue => long.MaxValue;

    /// <summary>Called once <see cref="NextDue"/> has passed.</summary>
    void OnDue()
    {
    }
}
