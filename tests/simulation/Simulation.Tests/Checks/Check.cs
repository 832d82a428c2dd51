namespace Simulation.Checks;

internal static class Check
{
    public static void That(bool holds, FormattableString otherwise)
    {
        if (!holds)
            throw new SafetyViolationException(FormattableString.Invariant(otherwise));
    }
}
