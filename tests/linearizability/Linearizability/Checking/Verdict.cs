namespace Linearizability.Checking;

public enum Verdict
{
    /// <summary>An order that the model allows exists.</summary>
    Linearizable,

    /// <summary>No order does.</summary>
    NotLinearizable,

    /// <summary>The time given was over before either was known.</summary>
    OutOfTime,
}
