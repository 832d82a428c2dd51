namespace Storage.Core.Snapshots;

#pragma warning disable CA1032 // Thrown in a few places with one message.
/// <summary>What arrived is no whole and sound snapshot (I11); another peer, or another try, may give one.</summary>
public sealed class SnapshotDamagedException(string what) : Exception($"the snapshot is damaged: it has {what}");
