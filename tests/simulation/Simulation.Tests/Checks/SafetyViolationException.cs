#pragma warning disable CA1032 // One constructor: it is thrown with a message.
namespace Simulation.Checks;

/// <summary>Something happened that must never happen.</summary>
public sealed class SafetyViolationException(string what) : Exception(what);
