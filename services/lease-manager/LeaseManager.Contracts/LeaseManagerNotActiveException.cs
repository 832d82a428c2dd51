namespace LeaseManager.Contracts;

#pragma warning disable CA1032 // Thrown by the manager and its client only, always with a reason.
/// <summary>This manager does not hold the claim on leases now, or cannot tell: ask again, or ask another.</summary>
public sealed class LeaseManagerNotActiveException(string reason) : Exception(reason);
