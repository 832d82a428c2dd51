namespace Chaos.Tests.Harness.Programs;

/// <summary>A process, and what it is started with.</summary>
/// <param name="Role">What it is in its member, or in the cluster: unique there.</param>
/// <param name="Program">What is run.</param>
/// <param name="Arguments">Its command line.</param>
/// <param name="Environment">Variables on top of ours; null removes one.</param>
/// <param name="Health">Where it says whether it is ready; null: nowhere.</param>
public sealed record ProcessLaunch(
    string Role, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Environment, Uri? Health = null);
