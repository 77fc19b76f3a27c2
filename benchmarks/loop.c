/* The algorithm of sim/training/kernel.py for one hidden layer and the cross-entropy: sparse first layer, W = s V, padded rows.
   gcc -O3 -march=native -ffast-math -shared -fPIC */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8 };

static void *padded(size_t rows, size_t row) {
    void *room = aligned_alloc(64, (rows * row * sizeof(double) + 63) / 64 * 64);
    return memset(room, 0, rows * row * sizeof(double));
}

/* One pass over `order`. first: (inputs, H) as V with s = 1, second: (outputs, H); H is padded, hidden is not.
   With `measure` it writes <w, g> and ||g||^2 of both layers for every step. */
void epoch(const int64_t *starts, const uint16_t *columns, const uint8_t *values, double unit, const int64_t *labels,
           const int64_t *order, long n, long m, double eta, double shrink, double *restrict first, double *restrict b1,
           double *restrict second, double *restrict b2, long inputs, long H, long hidden, long outputs, int measure,
           double *restrict alignment, double *restrict grad_sq) {
    long K = (outputs + LANES - 1) / LANES * LANES;
    double *net = padded(m, H), *act = padded(m, H), *delta = padded(m, H), *top = padded(m, K);
    double *row = padded(1, H), *gradient = padded(inputs, H), s = 1;
    int64_t *touched = malloc(inputs * sizeof *touched), *last = malloc(inputs * sizeof *last);
    for (long i = 0; i < inputs; i++) last[i] = -1;
    for (long begin = 0, step = 0; begin < n; begin += m, step++) {
        long size = n - begin < m ? n - begin : m;
        double along1 = 0, along2 = 0, square1 = 0, square2 = 0;
        for (long e = 0; e < size; e++) {
            long x = order[begin + e], k = starts[x], end = starts[x + 1];
            double *restrict z = net + e * H, *restrict a = act + e * H, *restrict d = delta + e * H;
            for (long j = 0; j < H; j++) z[j] = 0;
            for (; k + 4 <= end; k += 4) {
                const double *w0 = first + columns[k] * H, *w1 = first + columns[k + 1] * H;
                const double *w2 = first + columns[k + 2] * H, *w3 = first + columns[k + 3] * H;
                double x0 = unit * values[k], x1 = unit * values[k + 1];
                double x2 = unit * values[k + 2], x3 = unit * values[k + 3];
                for (long j = 0; j < H; j++) z[j] += x0 * w0[j] + x1 * w1[j] + x2 * w2[j] + x3 * w3[j];
            }
            for (; k < end; k++) {
                const double *w0 = first + columns[k] * H;
                double x0 = unit * values[k];
                for (long j = 0; j < H; j++) z[j] += x0 * w0[j];
            }
            for (long j = 0; j < hidden; j++) {
                z[j] *= s;
                a[j] = 1 / (1 + exp(-z[j] - b1[j]));
            }
            for (long j = 0; j < H; j++) d[j] = 0;
            for (long o = 0; o < outputs; o++) {
                const double *w = second + o * H;
                double u = 0;
                for (long j = 0; j < H; j++) u += w[j] * a[j];
                double t = 1 / (1 + exp(-u - b2[o])) - (o == labels[x]);
                top[e * K + o] = t;
                along2 += t * u;
                for (long j = 0; j < H; j++) d[j] += t * w[j];
            }
            for (long j = 0; j < H; j++) d[j] *= a[j] * (1 - a[j]);
            for (long j = 0; j < H; j++) along1 += d[j] * z[j];
        }
        s *= shrink;
        double rate = eta / size;
        if (measure) {
            long count = 0;
            for (long e = 0; e < size; e++) {
                long x = order[begin + e];
                const double *d = delta + e * H;
                for (long k = starts[x]; k < starts[x + 1]; k++) {
                    long c = columns[k];
                    double *restrict g = gradient + c * H, v = unit * values[k];
                    if (last[c] == step) {
                        for (long j = 0; j < H; j++) g[j] += v * d[j];
                    } else {
                        last[c] = step;
                        touched[count++] = c;
                        for (long j = 0; j < H; j++) g[j] = v * d[j];
                    }
                }
            }
            for (long i = 0; i < count; i++) {
                double *restrict g = gradient + touched[i] * H, *restrict w = first + touched[i] * H;
                for (long j = 0; j < H; j++) {
                    square1 += g[j] * g[j];
                    w[j] -= rate / s * g[j];
                }
            }
        } else {
            for (long e = 0; e < size; e++) {
                long x = order[begin + e];
                const double *restrict d = delta + e * H;
                for (long k = starts[x]; k < starts[x + 1]; k++) {
                    double *restrict w = first + columns[k] * H, v = rate / s * unit * values[k];
                    for (long j = 0; j < H; j++) w[j] -= v * d[j];
                }
            }
        }
        for (long o = 0; o < outputs; o++) {
            double *restrict w = second + o * H;
            for (long j = 0; j < H; j++) row[j] = 0;
            for (long e = 0; e < size; e++) {
                double t = top[e * K + o];
                const double *a = act + e * H;
                for (long j = 0; j < H; j++) row[j] += t * a[j];
                b2[o] -= rate * t;
            }
            for (long j = 0; j < H; j++) {
                square2 += row[j] * row[j];
                w[j] = shrink * w[j] - rate * row[j];
            }
        }
        for (long e = 0; e < size; e++)
            for (long j = 0; j < H; j++) b1[j] -= rate * delta[e * H + j];
        if (measure) {
            alignment[2 * step] = along1 / size, alignment[2 * step + 1] = along2 / size;
            grad_sq[2 * step] = square1 / size / size, grad_sq[2 * step + 1] = square2 / size / size;
        }
    }
    for (long i = 0; i < inputs * H; i++) first[i] *= s;
    free(net), free(act), free(delta), free(top), free(row), free(gradient), free(touched), free(last);
}
