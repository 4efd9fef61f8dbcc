/*
 * Floating-point benchmark, double precision: the sun and four planets for STEPS (default 20000) steps of 0.01 days, symplectic, with
 * square roots and divisions. Energy must be kept to one part in a million.
 */
#include "../runtime.h"

#define BODIES 5
#define PI 3.141592653589793
#define SUN (4 * PI * PI)
#define YEAR 365.24

struct body {
    double x[3], v[3], mass;
};

/* Jupiter, Saturn, Uranus, Neptune as round figures: distances in astronomical units, speeds of circular orbits, tilted a little. */
static struct body bodies[BODIES] = {
    { { 0, 0, 0 }, { 0, 0, 0 }, SUN },
    { { 5.2, 0, 0.1 }, { 0, 2.755, 0 }, 9.5e-4 * SUN },
    { { 0, 9.5, -0.3 }, { -2.038, 0, 0 }, 2.9e-4 * SUN },
    { { -19.2, 0, 0.2 }, { 0, -1.434, 0 }, 4.4e-5 * SUN },
    { { 0, -30.1, 0.5 }, { 1.145, 0, 0 }, 5.2e-5 * SUN },
};

static double root(double x)
{
    double y;
    __asm__("fsqrt.d %0, %1" : "=f"(y) : "f"(x));
    return y;
}

static void advance(double dt)
{
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            double d[3], r2 = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = bodies[i].x[k] - bodies[j].x[k];
                r2 += d[k] * d[k];
            }
            double pull = dt / (r2 * root(r2));
            for (int k = 0; k < 3; k++) {
                bodies[i].v[k] -= d[k] * bodies[j].mass * pull;
                bodies[j].v[k] += d[k] * bodies[i].mass * pull;
            }
        }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].x[k] += dt * bodies[i].v[k];
}

static double energy(void)
{
    double e = 0;
    for (int i = 0; i < BODIES; i++) {
        const double *v = bodies[i].v;
        e += bodies[i].mass * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) / 2;
        for (int j = i + 1; j < BODIES; j++) {
            double r2 = 0;
            for (int k = 0; k < 3; k++)
                r2 += (bodies[i].x[k] - bodies[j].x[k]) * (bodies[i].x[k] - bodies[j].x[k]);
            e -= bodies[i].mass * bodies[j].mass / root(r2);
        }
    }
    return e;
}

int main(int argc, char **argv)
{
    u64 steps = argc > 1 ? number(argv[1]) : 20000;
    double before = energy();
    for (u64 i = 0; i < steps; i++)
        advance(0.01 / YEAR * 24);
    double drift = (energy() - before) / before;
    int kept = drift < 1e-6 && drift > -1e-6;
    print("nbody: %u steps, Jupiter at %d, %d thousandths, energy %s\n", steps, (i64)(bodies[1].x[0] * 1000), (i64)(bodies[1].x[1] * 1000), kept ? "kept" : "lost");
    return !kept;
}
