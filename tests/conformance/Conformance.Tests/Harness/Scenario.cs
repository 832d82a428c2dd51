namespace Conformance.Harness;

/// <summary>Steps that run unchanged against both servers.</summary>
/// <param name="Name">Unique among all scenarios; shown as the test's argument.</param>
/// <param name="Body">The steps. They may depend on answers, never on which server gives them.</param>
internal sealed record Scenario<TSession>(string Name, Func<TSession, Task> Body);
