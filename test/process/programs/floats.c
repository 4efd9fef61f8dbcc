/* Floating point in a C library's hands: conversions, functions, rounding. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  double values[] = {0.0, -0.0, 1.0, -1.5, 0.1, 1e300, 1e-300, 123456789.125, DBL_MIN, DBL_MAX, DBL_EPSILON, INFINITY};
  for (unsigned i = 0; i < sizeof values / sizeof *values; i++) printf("%f %e %g %a %.17g\n", values[i], values[i], values[i], values[i], values[i]);
  printf("%d %d\n", isnan(NAN), isinf(-INFINITY));
  printf("%.15g %.15g %.15g %.15g %.15g\n", sqrt(2), sin(1), cos(1), exp(1), log(10));
  printf("%.15g %.15g %.15g %.15g\n", pow(2, 0.5), atan2(1, -1), fmod(10.5, 3), cbrt(27));
  printf("%.7g %.7g %.7g\n", (double)sqrtf(2), (double)sinf(1), (double)powf(3, 2.5f));
  printf("%.20Lg %.20Lg\n", sqrtl(2.0L), 1.0L / 3.0L);
  printf("%g %g %g %g %ld %ld\n", floor(-1.5), ceil(-1.5), trunc(-1.5), round(-1.5), lrint(2.5), lround(2.5));
  printf("%.17g %.17g\n", strtod("0.1000000000000000055511151231257827", NULL), atof("1e-320"));
  double sum = 0;
  for (int i = 1; i <= 100000; i++) sum += 1.0 / i;
  printf("%.17g\n", sum);
  float single = 0;
  for (int i = 1; i <= 10000; i++) single += 1.0f / (float)i;
  printf("%.9g\n", (double)single);
  int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
  for (int i = 0; i < 4; i++) {
    fesetround(modes[i]);
    volatile double one = 1, three = 3;
    printf("%.17g %.17g %ld\n", one / three, -one / three, lrint(one / three + 2));
  }
  fesetround(FE_TONEAREST);
  feclearexcept(FE_ALL_EXCEPT);
  volatile double zero = 0, one = 1;
  volatile double result = one / zero;
  printf("%g %d %d\n", result, !!fetestexcept(FE_DIVBYZERO), !!fetestexcept(FE_INVALID));
  result = zero / zero;
  printf("%d %d\n", !!fetestexcept(FE_INVALID), isnan(result));
  printf("%d %ld %lu\n", (int)-1.9, (long)1e18, (unsigned long)1.8e19);
  printf("%.17g\n", fma(1.0 + DBL_EPSILON, 1.0 - DBL_EPSILON, -1.0));
  return 0;
}
