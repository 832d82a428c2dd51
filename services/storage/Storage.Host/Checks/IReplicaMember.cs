namespace Storage.Host.Checks;

/// <summary>The consensus member that a replica stands beside: its alarms carry that id.</summary>
public interface IReplicaMember
{
    ulong MemberId { get; }
}
