#pragma warning disable CA1032 // One constructor: thrown in one place.
namespace Simulation.Disk;

/// <summary>The process ends here, in the middle of whatever it does. No error of the disk: nobody handles it.</summary>
public sealed class SimulatedCrashException() : Exception("simulated crash");
