namespace Chaos.Tests.Workload;

/// <summary>What clients talk to.</summary>
public interface IClientTarget
{
    /// <summary>Unique in its cluster.</summary>
    int Number { get; }

    /// <summary>A new client's way there.</summary>
    IEtcdConnection Connect();
}
